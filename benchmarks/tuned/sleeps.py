import os, time
import torch
X = 0.5
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pids"), "a") as file:
    file.write(f"{os.getpid()}\n")
w = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([w], lr=0.1)
for epoch in range(2):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(w, torch.tensor([X])).backward()
    optimizer.step()
    time.sleep(0.1)
    with torch.no_grad():
        torch.nn.functional.mse_loss(w, torch.tensor([X]))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ran"), "a") as file:
    file.write(f"ended {X!r}\n")
