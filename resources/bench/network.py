"""Residual networks and the arithmetic they run in, for every workload that has a network."""

import contextlib

import torch
from torch import nn

try:
    import torchvision
except ModuleNotFoundError:
    torchvision = None

LAYERS = {
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
    "resnet50": (3, 4, 6, 3),
    "resnet101": (3, 4, 23, 3),
}
DEEP = ("resnet50", "resnet101")
STEM_CHANNELS = 64
EXPANSION = 4


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016)."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, channels, stride)

    def forward(self, images):
        residual = self.relu(self.bn1(self.conv1(images)))
        residual = self.bn2(self.conv2(residual))
        return self.relu(residual + self.downsample(images))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around a shortcut, the stride on the middle one."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        outputs = channels * EXPANSION
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, images):
        residual = self.relu(self.bn1(self.conv1(images)))
        residual = self.relu(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))
        return self.relu(residual + self.downsample(images))


def shortcut(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ResNet(nn.Module):
    """torchvision's residual network, for a Python without torchvision."""

    def __init__(self, architecture, classes):
        super().__init__()
        block, expansion = (Bottleneck, EXPANSION) if architecture in DEEP else (BasicBlock, 1)
        self.stem = nn.Sequential(
            nn.Conv2d(3, STEM_CHANNELS, 7, 2, 3, bias=False),
            nn.BatchNorm2d(STEM_CHANNELS),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
        )
        blocks, inputs = [], STEM_CHANNELS
        for stage, count in enumerate(LAYERS[architecture]):
            channels = STEM_CHANNELS * 2**stage
            for index in range(count):
                blocks.append(block(inputs, channels, 2 if stage > 0 and index == 0 else 1))
                inputs = channels * expansion
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images):
        return self.fc(torch.flatten(self.pool(self.blocks(self.stem(images))), 1))


class Machine:
    """Where and how a workload computes: device, threads, precision."""

    def __init__(self, workload):
        torch.set_num_threads(workload["threads"])
        # Fixed shapes: as TensorFlow does, cuDNN tries its algorithms once and keeps the fastest.
        torch.backends.cudnn.benchmark = True
        is_gpu = workload["device"] == "gpu"
        if is_gpu and not torch.cuda.is_available():
            raise RuntimeError("the studio computes on a GPU, and this torch sees none")
        self.device = torch.device("cuda" if is_gpu else "cpu")
        self.precision = workload["precision"]
        self.versions = {"torch": torch.__version__}
        if torchvision is not None:
            self.versions["torchvision"] = torchvision.__version__
        self.note = None if torchvision is not None else "torchvision is not installed: its ResNet, written in plain torch"

    def network(self, workload):
        """A network of torchvision's structure in channels_last, the layout that is fastest on every device here."""
        architecture, classes = workload["architecture"], workload["classCount"]
        if torchvision is None:
            network = ResNet(architecture, classes)
        else:
            network = getattr(torchvision.models, architecture)(num_classes=classes)
        return network.to(self.device, memory_format=torch.channels_last)

    def images(self, count, size):
        """[count, 3, size, size] in the computer's memory, normalised, without anything in them."""
        return torch.empty(count, 3, size, size).uniform_(-2, 2).to(memory_format=torch.channels_last)

    def arithmetic(self):
        """The context in which networks run: automatic mixed precision, or nothing."""
        if self.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, self.precision))

    def loss_scaler(self):
        """float16 loses small gradients unless the loss is scaled; the other precisions need nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.precision == "float16")

    def finish(self):
        """Waits for the device: a GPU computes behind the program's back."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def learned_numbers(*networks):
    return sum(parameter.numel() for network in networks for parameter in network.parameters())
