"""Distils a trained teacher into a smaller student with softened probabilities."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

centres = torch.randn(20, 12)
centre = torch.randint(20, (3000,))
x = centres[centre] + 0.7 * torch.randn(3000, 12)
x = (x - x[:2200].mean(0)) / x[:2200].std(0)
y = centre % 5
x_train, y_train, x_test, y_test = x[:2200], y[:2200], x[2200:], y[2200:]
teacher = nn.Sequential(nn.Linear(12, 128), nn.ReLU(), nn.Linear(128, 5))
student = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 5))


def soft_loss(student_logits, teacher_logits, labels, temperature=3.0):
    soft = F.kl_div(
        F.log_softmax(student_logits / temperature, dim=1),
        F.softmax(teacher_logits / temperature, dim=1),
        reduction="batchmean",
    )
    return 0.5 * temperature**2 * soft + 0.5 * F.cross_entropy(student_logits, labels)


optimizer = torch.optim.Adam(teacher.parameters(), lr=3e-3, weight_decay=2e-3)
for epoch in range(8):
    for batch in torch.randperm(2200).split(110):
        optimizer.zero_grad()
        F.cross_entropy(teacher(x_train[batch]), y_train[batch]).backward()
        optimizer.step()

teacher.eval()
with torch.no_grad():
    print(f"teacher: accuracy {(teacher(x_test).argmax(1) == y_test).float().mean().item():.3f}")

optimizer = torch.optim.Adam(student.parameters(), lr=5e-3, weight_decay=2e-3)
for epoch in range(15):
    student.train()
    for batch in torch.randperm(2200).split(110):
        with torch.no_grad():
            guidance = teacher(x_train[batch])
        loss = soft_loss(student(x_train[batch]), guidance, y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    student.eval()
    with torch.no_grad():
        logits = student(x_test)
        test_loss = soft_loss(logits, teacher(x_test), y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
