"""Trains a recurrent network to tell rising, level and falling temperature logs of fifty readings apart."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

trend = torch.randint(3, (2000,))
logs = 0.4 * (trend.unsqueeze(1) - 1) + torch.randn(2000, 50)
logs = ((logs - logs.mean()) / logs.std()).unsqueeze(2)
x_train, y_train, x_test, y_test = logs[:1500], trend[:1500], logs[1500:], trend[1500:]


class TrendNet(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.rnn = nn.RNN(1, width, batch_first=True)
        self.head = nn.Linear(width, 3)
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain=1.0)

    def forward(self, x):
        _, last = self.rnn(x)
        return self.head(last[0])


model = TrendNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
for epoch in range(1, 16):
    model.train()
    for batch in torch.randperm(len(x_train)).split(100):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
