"""The schedule of the transformer paper: the function gives the rate, on a base of 1."""
import torch
from torch import nn

torch.manual_seed(3)
words = torch.randint(20, (1500, 8))
label = (words < 5).any(1).long()
embed, layer, head = nn.Embedding(20, 32), nn.TransformerEncoderLayer(32, 2, 64, 0.0, batch_first=True), nn.Linear(32, 2)
params = [p for m in (embed, layer, head) for p in m.parameters()]
opt = torch.optim.Adam(params, lr=1.0, betas=(0.9, 0.98))
noam = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: 0.2 * 32**-0.5 * min((s + 1) ** -0.5, (s + 1) * 60**-1.5))
for step in range(350):
    rows = torch.randint(1200, (40,))
    loss = nn.functional.cross_entropy(head(layer(embed(words[rows])).amax(1)), label[rows])
    opt.zero_grad(); loss.backward(); opt.step(); noam.step()
    if step % 50 == 49:
        with torch.no_grad():
            print(nn.functional.cross_entropy(head(layer(embed(words[1200:])).amax(1)), label[1200:]).item())
