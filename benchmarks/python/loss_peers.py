"""What the room `loss` is measured against: dense torch, as people write it and as fast as it goes."""

from __future__ import annotations

import torch
from torch.nn import functional

Tensor = torch.Tensor
EDGES = [(dy, dx) for dy in range(3) for dx in range(3) if (dy, dx) != (1, 1)]


# --- quality target -----------------------------------------------------------------------------------------


def quality_loop(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """As the AutoQ-VIS code does: every query is resized and compared anew for every truth."""
    ious, matches = [], []
    for query in logits:
        best, match, highest = torch.zeros(query.shape[0]), -1, -1.0
        for g, mask in enumerate(truth):
            frame_ious = pair_ious(query, mask)
            mean = frame_ious.mean().item()
            if mean > highest:
                best, match, highest = frame_ious, g, mean
        ious.append(best)
        matches.append(match)
    return torch.stack(ious), torch.tensor(matches)


def pair_ious(query: Tensor, mask: Tensor) -> Tensor:
    """IoU per frame of a query's logits [T, h, w] and a truth [T, H, W]."""
    resized = functional.interpolate(
        query[:, None], size=mask.shape[1:], mode="bilinear", align_corners=False
    )
    predicted, mask = (resized[:, 0] > 0).flatten(1), mask.flatten(1)
    common = (predicted & mask).sum(1)
    together = (predicted | mask).sum(1)
    return common / together.clamp(min=1)


def quality_batched(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Every query resized once; intersections as a product of matrices.

    The fastest of a dozen forms: frame by frame, 16 queries at a time as the channels of one image that lie
    side by side, so that the resizing is vectorised and its result stays in the cache.
    """
    size = truth.shape[2:]
    common, area, other = [], [], []
    for t in range(truth.shape[1]):
        masks = truth[:, t].flatten(1).float()
        masks = torch.cat([masks, torch.ones_like(masks[:1])])  # the last row counts
        parts = [masks @ set_pixels(part, size) for part in logits[:, t].split(16)]
        counts = torch.cat(parts, 1).T  # [Q, G + 1]
        common.append(counts[:, :-1])
        area.append(counts[:, -1:])
        other.append(masks[:-1].sum(1))
    shared = torch.stack(common, 2)
    together = torch.stack(area, 2) + torch.stack(other, 1) - shared
    table = shared / together.clamp(min=1)  # [Q, G, T]
    match = table.mean(2).max(1).indices
    return table[torch.arange(len(table)), match], match


def set_pixels(queries: Tensor, size: tuple[int, ...]) -> Tensor:
    """Logits [Q, h, w] as 0 and 1 in a frame of another size, [H * W, Q]."""
    channels = queries[None].contiguous(memory_format=torch.channels_last)
    resized = functional.interpolate(channels, size=size, mode="bilinear", align_corners=False)
    return resized.gt_(0).permute(0, 2, 3, 1).reshape(-1, len(queries))


# --- losses from boxes --------------------------------------------------------------------------------------


def box_masks(boxes: Tensor, size: tuple[int, int], dtype: torch.dtype) -> Tensor:
    """The pixels that a box reaches, [N, H, W] of 0 and 1."""
    y, x = (torch.arange(side) for side in size)
    left, top = boxes[:, :2].floor().unbind(1)
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).ceil().unbind(1)
    tall = (y >= top[:, None]) & (y < bottom[:, None])
    wide = (x >= left[:, None]) & (x < right[:, None])
    return (tall[:, :, None] & wide[:, None]).to(dtype)


def projection(logits: Tensor, boxes: Tensor) -> Tensor:
    """By `max`, whose gradient goes to the first of equal maxima; `amax` would share it among them."""
    scores = logits.sigmoid()
    mask = box_masks(boxes, (logits.shape[1], logits.shape[2]), logits.dtype)
    by_x, by_y = (dice(scores.max(axis).values, mask.max(axis).values) for axis in (1, 2))
    return (by_x + by_y).mean()


def dice(x: Tensor, t: Tensor) -> Tensor:
    return 1 - 2 * (x * t).sum(1) / ((x * x).sum(1) + (t * t).sum(1) + 1e-5)


def neighbours(x: Tensor) -> Tensor:
    """The 8 neighbours at distance 2 of every pixel: [N, C, H, W] to [N, C, 8, H, W]; outside: 0."""
    count, channels, height, width = x.shape
    unfolded = functional.unfold(x, kernel_size=3, padding=2, dilation=2)
    unfolded = unfolded.view(count, channels, 9, height, width)
    return torch.cat([unfolded[:, :, :4], unfolded[:, :, 5:]], 2)


def similarity(lab: Tensor) -> Tensor:
    """[3, H, W] to [8, H, W]; 0 where the neighbour is outside of the frame."""
    distance = (lab[None, :, None] - neighbours(lab[None])).norm(dim=1)[0]
    inside = neighbours(torch.ones_like(lab[None, :1]))[0, 0]
    return torch.exp(-0.5 * distance) * inside


def pairwise(logits: Tensor, lab: Tensor, boxes: Tensor) -> Tensor:
    """AdelaiDet's way: unfolded log-sigmoids, log-sum-exp by its maximum; counted edges."""
    foreground, background = functional.logsigmoid(logits[:, None]), functional.logsigmoid(-logits[:, None])
    both = foreground[:, :, None] + neighbours(foreground)
    neither = background[:, :, None] + neighbours(background)
    larger = torch.maximum(both, neither)
    agree = torch.log(torch.exp(both - larger) + torch.exp(neither - larger)) + larger
    mask = box_masks(boxes, (logits.shape[1], logits.shape[2]), logits.dtype)
    weights = (similarity(lab) >= 0.3).to(logits.dtype)[None] * mask[:, None]
    return -(agree[:, 0] * weights).sum() / weights.sum().clamp(min=1)


def pairwise_counted(logits: Tensor, lab: Tensor, boxes: Tensor) -> Tensor:
    """The same with the edges that count gathered first, direction by direction: several times as fast."""
    height, width = logits.shape[1:]
    inside = box_masks(boxes, (height, width), torch.bool)
    edges = []
    for row, column in EDGES:
        dy, dx = 2 * row - 2, 2 * column - 2
        y, x = slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx))
        there = lab[:, y.start + dy : y.stop + dy, x.start + dx : x.stop + dx]
        alike = torch.exp(-0.5 * (lab[:, y, x] - there).norm(dim=0)) >= 0.3
        n, i, j = (alike & inside[:, y, x]).nonzero(as_tuple=True)
        centre = (n * height + i + y.start) * width + j + x.start
        edges.append(torch.stack([centre, centre + dy * width + dx]))
    ends = logits.reshape(-1)[torch.cat(edges, 1)]
    foreground, background = functional.logsigmoid(ends), functional.logsigmoid(-ends)
    agree = torch.logaddexp(foreground[0] + foreground[1], background[0] + background[1])
    return -agree.sum() / max(1, agree.numel())


# --- DropLoss -----------------------------------------------------------------------------------------------


def drop_logical(predicted: Tensor, truth: Tensor) -> Tensor:
    """Boolean masks [N, H, W] and [G, H, W], one truth after the other."""
    a, b = predicted.flatten(1), truth.flatten(1)
    area, best = a.sum(1), torch.zeros(len(a), dtype=torch.float64)
    for mask in b:
        common = (a & mask).sum(1)
        together = area + mask.sum() - common
        best = torch.maximum(best, common.double() / together.clamp(min=1))
    return (best > 0.01).float()


def drop_matmul(predicted: Tensor, truth: Tensor, chunk: int = 8192) -> Tensor:
    """Bool masks, or logits [N, H, W]: intersections as a product of matrices, some thousand pixels at a
    time; a row of ones on both sides counts."""
    a, b = predicted.flatten(1), truth.flatten(1)
    counts = torch.zeros(len(a) + 1, len(b) + 1)
    x, y = torch.ones(len(a) + 1, chunk), torch.ones(len(b) + 1, chunk)
    for begin in range(0, a.shape[1], chunk):
        part = a[:, begin : begin + chunk]
        width = part.shape[1]
        if part.dtype == torch.bool:
            x[:-1, :width].copy_(part)  # twice as fast as to compare
        else:
            torch.gt(part, 0, out=x[:-1, :width])
        y[:-1, :width].copy_(b[:, begin : begin + chunk])
        counts.addmm_(x[:, :width], y[:, :width].T)
    common = counts[:-1, :-1].double()
    together = counts[:-1, -1:] + counts[-1:, :-1] - common
    return ((common / together.clamp(min=1)).amax(1) > 0.01).float()


def drop_resized(logits: Tensor, truth: Tensor) -> Tensor:
    """From logits of another size than the truth's, 16 of them at a time."""
    masks = torch.cat([truth.flatten(1).float(), torch.ones(1, truth[0].numel())])
    parts = [masks @ set_pixels(part, truth.shape[1:]) for part in logits.split(16)]
    counts = torch.cat(parts, 1).T.double()
    common, area, other = counts[:, :-1], counts[:, -1:], masks[:-1].sum(1)
    return ((common / (area + other - common).clamp(min=1)).amax(1) > 0.01).float()
