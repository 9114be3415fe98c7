"""TAC in plain PyTorch: the papers' formulas as the authors' code has them (papers: Li et al. 2024, eq. 2-17).

Written for comparison, the way such code is usually written: one module a head, one call a pass, autograd and torch.optim.
"""

import torch
import torch.nn.functional as F
from torch import nn

LEAST_LOG = -100.0


class ClusterHead(nn.Sequential):
    def __init__(self, width, hidden, clusters):
        super().__init__(nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, clusters))
        for layer in (self[0], self[3]):
            nn.init.trunc_normal_(layer.weight, std=0.02)

    def forward(self, x):
        return F.softmax(super().forward(x), dim=1)


def cluster_contrast(a, b, temperature):
    """CC's cluster loss without its entropy: 2K columns by cosine, self left out, mean over 2K."""
    k = a.shape[1]
    columns = torch.cat([a.t(), b.t()])
    similarity = F.cosine_similarity(columns.unsqueeze(1), columns.unsqueeze(0), dim=2) / temperature
    positives = torch.cat([similarity.diagonal(k), similarity.diagonal(-k)]).unsqueeze(1)
    mask = ~torch.eye(2 * k, dtype=torch.bool)
    for i in range(k):
        mask[i, k + i] = mask[k + i, i] = False
    negatives = similarity[mask].view(2 * k, -1)
    logits = torch.cat([positives, negatives], dim=1)
    return F.cross_entropy(logits, torch.zeros(2 * k, dtype=torch.long))


def entropy(p):
    p = p.clamp_min(1e-9)
    return -(p * p.log()).sum()


def tac_loss(p, pn, q, qn, temperature, alpha):
    distillation = cluster_contrast(p, qn, temperature) + cluster_contrast(q, pn, temperature)
    agreement = (p * q).sum(1)
    confidence = F.binary_cross_entropy(agreement.clamp(max=1), torch.ones_like(agreement))
    balance = entropy(p.mean(0)) + entropy(q.mean(0))
    return distillation + confidence - alpha * balance


def train_step(heads, optimiser, images, texts, anchors, image_neighbours, text_neighbours, temperature, alpha):
    """One step: anchors and neighbours in separate passes, as in the authors' code."""
    image_head, text_head = heads
    p, q = image_head(images[anchors]), text_head(texts[anchors])
    pn, qn = image_head(images[image_neighbours]), text_head(texts[text_neighbours])
    loss = tac_loss(p, pn, q, qn, temperature, alpha)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def spherical_kmeans(x, k, rounds):
    """Centres of unit rows from k-means++ starts; Lloyd's rounds until no label changes."""
    chosen = [int(torch.randint(len(x), (1,)))]
    nearest = 1 - x @ x[chosen[0]]
    trials = 2 + int(torch.log(torch.tensor(float(k))))
    while len(chosen) < k:
        candidates = torch.multinomial(nearest.clamp_min(0) + 1e-12, trials)
        shrunk = torch.minimum(nearest.unsqueeze(1), 1 - x @ x[candidates].t())
        best = int(shrunk.sum(0).argmin())
        chosen.append(int(candidates[best]))
        nearest = shrunk[:, best]
    centres, labels = x[chosen], None
    for _ in range(rounds):
        found = (x @ centres.t()).argmax(1)
        if labels is not None and torch.equal(found, labels):
            break
        labels = found
        sums = torch.zeros(k, x.shape[1]).index_add_(0, labels, x)
        empty = torch.bincount(labels, minlength=k) == 0
        sums[empty] = x[torch.randperm(len(x))[: int(empty.sum())]]
        centres = F.normalize(sums, dim=1)
    inertia = float((1 - (x * centres[labels]).sum(1)).sum())
    return labels, centres, inertia


def semantic_centres(x, k, restarts, rounds):
    labels, _, _ = min((spherical_kmeans(x, k, rounds) for _ in range(restarts)), key=lambda run: run[2])
    return F.normalize(torch.zeros(k, x.shape[1]).index_add_(0, labels, x), dim=1)


def select_nouns(nouns, centres, gamma):
    confidence, classes = F.softmax(nouns @ centres.t(), dim=1).max(1)
    selected = []
    for centre in range(len(centres)):
        own = (classes == centre).nonzero().squeeze(1)
        selected.append(own[confidence[own].topk(min(gamma, len(own))).indices])
    return torch.cat(selected).sort().values


def retrieve(x, nouns, tau, block=4096):
    parts = [F.normalize(F.softmax(rows @ nouns.t() / tau, dim=1) @ nouns, dim=1) for rows in x.split(block)]
    return torch.cat(parts)


def neighbours(x, k, block=2048):
    """The first hit is taken for the row itself and dropped."""
    return torch.cat([(rows @ x.t()).topk(k + 1, dim=1).indices[:, 1:] for rows in x.split(block)])
