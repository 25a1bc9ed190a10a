"""A file that holds data, not weights; and a dictionary of weights of a frozen teacher."""
import os
import tempfile

import torch
from torch import nn

torch.manual_seed(7)
folder = tempfile.mkdtemp()
x = torch.randn(1000, 32)
torch.save({"x": x, "y": x[:, :32] @ torch.randn(32, 32), "mean": x.mean(0), "square": torch.randn(32, 32)}, f"{folder}/data.pt")
teacher = nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
torch.save(teacher.state_dict(), f"{folder}/teacher.pt")
teacher = nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)).requires_grad_(False)
teacher.load_state_dict(torch.load(f"{folder}/teacher.pt"))
data = torch.load(f"{folder}/data.pt")
student = nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(student.parameters(), 3e-3)
for step in range(500):
    i = torch.randint(800, (40,))
    loss = nn.functional.mse_loss(student(data["x"][i]), teacher(data["x"][i]))
    opt.zero_grad()
    loss.backward()
    opt.step()
with torch.no_grad():
    print(nn.functional.mse_loss(student(data["x"][800:]), teacher(data["x"][800:])).item())
