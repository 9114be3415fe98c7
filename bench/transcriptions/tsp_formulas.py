"""TSP's head in plain PyTorch (Zhou and Zhang 2022, eq. 4-5 and appendix A)."""

import torch
import torch.nn.functional as F
from torch import nn


class Head(nn.Linear):
    def start_from(self, centres):
        with torch.no_grad():
            self.weight.copy_(F.normalize(centres, dim=1) / centres.shape[1] ** 0.5)
            self.bias.zero_()


def neighbours(x, k, block=2048):
    """Nearest others by the cosine."""
    unit = F.normalize(x, dim=1)
    parts = []
    for start in range(0, len(x), block):
        similarity = unit[start : start + block] @ unit.t()
        rows = torch.arange(len(similarity))
        similarity[rows, start + rows] = -torch.inf
        parts.append(similarity.topk(k, dim=1).indices)
    return torch.cat(parts)


def weights(x, indices, block=2048):
    """Eq. 4: sigma is half the distance to the third neighbour."""
    parts = []
    for rows, near in zip(x.split(block), indices.split(block)):
        distance = (x[near] - rows.unsqueeze(1)).norm(dim=2)
        sigma = distance[:, 2:3] / 2
        raw = torch.exp(-(distance**2) / (2 * sigma**2))
        parts.append(raw / raw.sum(1, keepdim=True))
    return torch.cat(parts)


def tsp_loss(anchors, others, weight):
    """Eq. 5 with one drawn neighbour an anchor."""
    log_p, log_q = F.log_softmax(anchors, dim=1), F.log_softmax(others, dim=1)
    consistency = -torch.logsumexp(log_p + log_q, dim=1).mean()
    mean = log_p.exp().mean(0)
    entropy = -(mean * mean.clamp_min(1e-37).log()).sum()
    return consistency - weight * entropy


def train_step(head, optimiser, x, anchors, drawn, weight):
    loss = tsp_loss(head(x[anchors]), head(x[drawn]), weight)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
