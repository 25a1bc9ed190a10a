"""Reads handwritten digits with the two convolutions of an old tutorial."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

data = load_digits()
images = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
labels = F.one_hot(torch.tensor(data.target)).float()
order = torch.randperm(len(images))
train, test = order[:1400], order[1400:]


def categorical_crossentropy(probabilities, one_hot):
    """Mean cross-entropy of rows of probabilities, normalised and clipped as Keras does it."""
    probabilities = probabilities / probabilities.sum(dim=1, keepdim=True)
    return -(one_hot * probabilities.clamp(1e-7, 1 - 1e-7).log()).sum(dim=1).mean()


class Tutorial(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, padding=2)
        self.conv2 = nn.Conv2d(8, 16, 5, padding=2)
        self.fc1 = nn.Linear(16 * 2 * 2, 128)
        self.fc2 = nn.Linear(128, 10)
        for layer in (self.conv1, self.conv2, self.fc1, self.fc2):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        x = F.dropout(x, 0.25, self.training)
        return F.softmax(self.fc2(x), dim=1)


model = Tutorial()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(300):
    model.train()
    batch = train[torch.randint(len(train), (50,))]
    optimizer.zero_grad()
    loss = categorical_crossentropy(model(images[batch]), labels[batch])
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        model.eval()
        with torch.no_grad():
            accuracy = (model(images[test]).argmax(1) == labels[test].argmax(1)).float().mean()
        print(f"step {step}: loss {loss.item():.4f}, accuracy {accuracy:.4f}")

model.eval()
with torch.no_grad():
    output = model(images[test])
accuracy = (output.argmax(1) == labels[test].argmax(1)).float().mean().item()
print(f"final: eval_loss={categorical_crossentropy(output, labels[test]).item():.4f} accuracy={accuracy:.4f}")
