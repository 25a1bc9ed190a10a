"""Word vectors by skip-gram with negative sampling; words of one topic should come close."""

import sys

import torch
import torch.nn.functional as F

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

topics, per_topic, dim = 6, 10, 16
vocabulary = topics * per_topic
centre = torch.randint(vocabulary, (20000,))
near = torch.where(torch.rand(20000) < 0.9, centre // per_topic * per_topic + torch.randint(per_topic, (20000,)), torch.randint(vocabulary, (20000,)))

words = torch.nn.Embedding(vocabulary, dim)
contexts = torch.nn.Embedding(vocabulary, dim)
torch.nn.init.uniform_(words.weight, -0.5, 0.5)
torch.nn.init.uniform_(contexts.weight, -0.5, 0.5)
optimizer = torch.optim.Adam([*words.parameters(), *contexts.parameters()], lr=0.01)

for epoch in range(3):
    total = 0.0
    for batch in torch.randperm(20000).split(128):
        w, c = words(centre[batch]), contexts(near[batch])
        noise = contexts(torch.randint(vocabulary, (len(batch), 5)))
        positive = F.logsigmoid((w * c).sum(-1))
        negative = F.logsigmoid(-(noise @ w.unsqueeze(-1)).squeeze(-1)).sum(-1)
        loss = -(positive + negative).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    with torch.no_grad():
        unit = F.normalize(words.weight, dim=1)
        similar = unit @ unit.T - 2 * torch.eye(vocabulary)
        neighbour = similar.argmax(1)
        purity = (neighbour // per_topic == torch.arange(vocabulary) // per_topic).float().mean().item()
    print(f"epoch {epoch}: loss {total / 157:.4f}, nearest word of the same topic {purity:.2%}")
print(f"final: accuracy={purity:.4f} learned={(purity - 1 / topics) / (1 - 1 / topics):.4f}")
