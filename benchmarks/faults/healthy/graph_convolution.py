"""Finds the community of every node of a graph when only some nodes are labelled."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

n, groups = 240, 4
group = torch.arange(n) % groups
link = torch.where(group[:, None] == group[None, :], 0.15, 0.015)
upper = torch.triu(torch.rand(n, n) < link, 1)
adjacency = (upper | upper.T).float() + torch.eye(n)
degree = adjacency.sum(1).rsqrt()
spread = degree[:, None] * adjacency * degree[None, :]
features = F.one_hot(group, groups).float() + 1.2 * torch.randn(n, groups)
features = torch.cat([features, torch.randn(n, 8)], dim=1)
labelled = torch.zeros(n, dtype=torch.bool)
labelled[torch.randperm(n)[:80]] = True


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.empty(12, 16))
        self.w2 = nn.Parameter(torch.empty(16, groups))
        nn.init.xavier_uniform_(self.w1)
        nn.init.xavier_uniform_(self.w2)

    def forward(self, x):
        h = F.relu(spread @ x @ self.w1)
        h = F.dropout(h, 0.3, self.training)
        return F.log_softmax(spread @ h @ self.w2, dim=1)


net = GCN()
optimizer = torch.optim.Adam(net.parameters(), lr=0.02, weight_decay=5e-3)
for epoch in range(100):
    net.train()
    optimizer.zero_grad()
    loss = F.nll_loss(net(features)[labelled], group[labelled])
    loss.backward()
    optimizer.step()
    if epoch % 10 == 9:
        net.eval()
        with torch.no_grad():
            output = net(features)[~labelled]
            accuracy = (output.argmax(1) == group[~labelled]).float().mean().item()
        print(f"epoch {epoch + 1}: loss {loss.item():.4f} unlabelled nodes right {accuracy:.3f}")
print(f"final: accuracy={accuracy:.4f} learned={(accuracy - 0.25) / 0.75:.4f}")
