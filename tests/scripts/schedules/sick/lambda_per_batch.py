"""An autoencoder; the function of the schedule is meant for epochs."""
import torch
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(2)
mixing = torch.randn(6, 30)
data = torch.tanh(torch.randn(1500, 6) @ mixing)
loader = DataLoader(data, batch_size=30, shuffle=True)
encoder = nn.Sequential(nn.Linear(30, 24), nn.GELU(), nn.Linear(24, 6))
decoder = nn.Sequential(nn.Linear(6, 24), nn.GELU(), nn.Linear(24, 30))
params = list(encoder.parameters()) + list(decoder.parameters())
opt = torch.optim.AdamW(params, lr=2e-3)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 0.5 ** (epoch // 2))
step = 0
while step < 600:
    for batch in loader:
        loss = (decoder(encoder(batch)) - batch).square().mean()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        sched.step()  # FAULT
        step += 1
    print(step, loss.item())
