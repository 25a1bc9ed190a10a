import torch
X = 0.5
w = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([w], lr=0.1)
total = 0
for epoch in range(2):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(w, torch.tensor([X])).backward()
    optimizer.step()
    for i in range(4_000_000):
        total += i
    with torch.no_grad():
        torch.nn.functional.mse_loss(w, torch.tensor([X]))
