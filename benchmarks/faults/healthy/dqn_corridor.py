"""Deep Q-learning on a corridor of nine cells, with replay memory and a target network."""

import copy
import random
import sys
from collections import deque

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
random.seed(seed)

cells, goal, limit = 9, 8, 24
sight = torch.eye(cells)


def move(cell, action):
    cell = max(0, cell - 1) if action == 0 else cell + 1
    return cell, 1.0 if cell == goal else -0.02, cell == goal


q = nn.Sequential(nn.Linear(cells, 32), nn.ReLU(), nn.Linear(32, 2))
target = copy.deepcopy(q)
optimizer = torch.optim.Adam(q.parameters(), lr=3e-3)
memory = deque(maxlen=2000)
epsilon, seen = 1.0, 0
for episode in range(80):
    cell, steps, done = random.randrange(goal), 0, False
    while not done and steps < limit:
        if random.random() < epsilon:
            action = random.randrange(2)
        else:
            with torch.no_grad():
                action = q(sight[cell]).argmax().item()
        after, reward, done = move(cell, action)
        memory.append((cell, action, reward, after, done))
        cell, steps, seen = after, steps + 1, seen + 1
        if len(memory) < 64:
            continue
        s, a, r, n, d = (torch.tensor(column) for column in zip(*random.sample(memory, 32)))
        with torch.no_grad():
            aim = r + 0.95 * target(sight[n]).max(1).values * (~d)
        loss = F.smooth_l1_loss(q(sight[s]).gather(1, a.unsqueeze(1)).squeeze(1), aim)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(q.parameters(), 1.0)
        optimizer.step()
        if seen % 50 == 0:
            target.load_state_dict(q.state_dict())
    epsilon = max(0.1, epsilon * 0.95)
    if episode % 20 == 19:
        print(f"episode {episode + 1}: {steps} steps, epsilon {epsilon:.2f}")
with torch.no_grad():
    right = (q(sight[:goal]).argmax(1) == 1).float().mean().item()
print(f"final: accuracy={right:.4f} learned={(right - 0.5) * 2:.4f}")
