"""Binary encoding in a network of one's own: scikit-learn's digits, in seconds on a CPU."""

import torch
from sklearn.datasets import load_digits
from torch import nn

from binenc_core.heads import BinaryEncodingHead, BinaryEncodingLoss

# data
digits = load_digits()
images = torch.from_numpy(digits.images).float()[:, None] / 8 - 1
labels = torch.from_numpy(digits.target)

# network
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    BinaryEncodingHead(features=16 * 4 * 4, latent_dim=16, classes=10),
)
loss_of = BinaryEncodingLoss(gamma=10)
optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)

# training
for _ in range(15):
    for batch in torch.randperm(len(labels)).split(64):
        optimizer.zero_grad()
        logits, x = network(images[batch])
        loss_of(logits, x, labels[batch]).backward()
        optimizer.step()

# one call
from binenc_core.metrics.measure import measure  # noqa: E402

with torch.no_grad():
    logits, x = network(images)
weights = network[-1].classifier.weight
found = measure(x, labels, weights, predicted=logits.argmax(dim=1))
print({name: round(found[name], 3) for name in ("bit_agreement", "vertex_excess", "equinorm")})

# batches
from binenc_core.metrics.accumulated import CollapseMetric, EncodingMetric  # noqa: E402

metrics = [EncodingMetric(10, 16), CollapseMetric(10, 16)]
with torch.no_grad():
    for part in torch.arange(len(labels)).split(256):
        for metric in metrics:
            metric.update(network(images[part])[1], labels[part])
summed = {name: value for metric in metrics for name, value in metric.compute().items()}

# hook
from torchvision.models import resnet18  # noqa: E402

from binenc_core.heads import inputs_of  # noqa: E402

other = resnet18(num_classes=10).eval()
with torch.no_grad(), inputs_of(other.fc) as seen:
    other(images[:20].expand(-1, 3, -1, -1).contiguous())
features = torch.cat(seen)
# end
