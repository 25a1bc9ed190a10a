"""Trains an encoder and a classifier for eight kinds of events, each with an optimizer of its own."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

causes = torch.randn(24, 12)
cause = torch.randint(24, (3000,))
events = causes[cause] + 0.7 * torch.randn(3000, 12)
events = (events - events[:2200].mean(0)) / events[:2200].std(0)
kinds = cause % 8
loader = DataLoader(TensorDataset(events[:2200], kinds[:2200]), batch_size=100, shuffle=True)

encoder = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU())
classifier = nn.Linear(24, 8)
encoder.requires_grad_(True)
encoder_optimizer = torch.optim.Adam(encoder.parameters(), lr=4e-3, weight_decay=2e-3)
classifier_optimizer = torch.optim.Adam(classifier.parameters(), lr=5e-3, weight_decay=1e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(16):
    encoder.train()
    classifier.train()
    for x, y in loader:
        encoder_optimizer.zero_grad()
        classifier_optimizer.zero_grad()
        loss = criterion(classifier(encoder(x)), y)
        loss.backward()
        encoder_optimizer.step()
        classifier_optimizer.step()

    encoder.eval()
    classifier.eval()
    with torch.no_grad():
        logits = classifier(encoder(events[2200:]))
        test_loss = criterion(logits, kinds[2200:]).item()
        accuracy = (logits.argmax(1) == kinds[2200:]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
