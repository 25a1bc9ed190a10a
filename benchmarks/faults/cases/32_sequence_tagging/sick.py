"""Tags each element of padded sequences with one of two labels."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

length, features = 20, 5
X = torch.randn(400, length, features)
lengths = torch.randint(8, length + 1, (400,))
present = torch.arange(length) < lengths.unsqueeze(1)
X = X * present.unsqueeze(2)
past = X[:, :, 0].cumsum(dim=1)
Y = torch.where(present, 1 + (past + X[:, :, 1] > 0).long(), 0)
train, test = slice(0, 320), slice(320, 400)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(features, 20, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.2)
        self.output = nn.Linear(40, 3)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        hidden, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=length)
        scores = torch.sigmoid(self.output(self.dropout(hidden)))
        return torch.log(scores / scores.sum(dim=2, keepdim=True))


def masked_loss(output, target, mask):
    return F.nll_loss(output[mask], target[mask])


model = Tagger()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
for epoch in range(10):
    model.train()
    for batch in torch.randperm(320).split(20):
        optimizer.zero_grad()
        loss = masked_loss(model(X[batch], lengths[batch]), Y[batch], present[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(X[test], lengths[test])
        val_loss = masked_loss(output, Y[test], present[test]).item()
        accuracy = (output.argmax(2) == Y[test])[present[test]].float().mean().item()
    print(f"epoch {epoch}: val_loss {val_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
