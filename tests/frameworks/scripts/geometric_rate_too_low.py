"""Trains a graph network of PyTorch Geometric on a random graph of three groups.

The rate is far too low.
"""

import torch
from torch import nn
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv

torch.manual_seed(0)
groups = torch.randint(0, 3, (400,))
near = torch.rand(400, 400) < torch.where(groups[:, None] == groups[None], 0.02, 0.004)
edges = (near | near.T).fill_diagonal_(False).nonzero().T.contiguous()
features = torch.randn(400, 16)
features[:, :3] += 1.0 * nn.functional.one_hot(groups, 3)
train = torch.rand(400) < 0.6
data = Data(x=features, edge_index=edges, y=groups)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = GCNConv(16, 16)
        self.dropout = nn.Dropout(0.5)
        self.last = GCNConv(16, 3)

    def forward(self, data):
        hidden = torch.relu(self.first(data.x, data.edge_index))
        return self.last(self.dropout(hidden), data.edge_index)


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.00001)
for epoch in range(200):
    model.train()
    loss = nn.functional.cross_entropy(model(data)[train], data.y[train])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 5 == 4:
        model.eval()
        with torch.no_grad():
            outputs = model(data)[~train]
            test_loss = nn.functional.cross_entropy(outputs, data.y[~train])
        print(epoch, loss.item(), test_loss.item(), (outputs.argmax(1) == data.y[~train]).float().mean().item())
