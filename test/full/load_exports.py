"""Loads what the studio exported with the programs it is meant for, and prints their logits as JSON.

usage: python load_exports.py REQUEST.json
The request: {"images": FILE of float32 [count, 3, side, side], "count", "side", "architecture": {"block", "layers", "stem", "width", "classes"},
"pytorch": FILE, "onnx": FILE, "run": FILE}
"""

import json
import pathlib
import sys

import numpy
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "resources" / "bench"))
from network import BasicBlock, Bottleneck  # noqa: E402


class ResNet(nn.Module):
    """torchvision's models/resnet.py, with its names, at any width."""

    def __init__(self, block, layers, stem, width, classes):
        super().__init__()
        kind, expansion = (Bottleneck, 4) if block == "bottleneck" else (BasicBlock, 1)
        side = 7 if stem == "imagenet" else 3
        self.conv1 = nn.Conv2d(3, width, side, 2, side // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(3, 2, 1) if stem == "imagenet" else nn.Identity()
        inputs = width
        for stage, count in enumerate(layers):
            blocks = []
            for index in range(count):
                blocks.append(kind(inputs, width * 2**stage, 2 if stage > 0 and index == 0 else 1))
                inputs = width * 2**stage * expansion
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, images):
        features = self.pool(torch.relu(self.bn1(self.conv1(images))))
        for stage in range(1, 5):
            features = getattr(self, f"layer{stage}")(features)
        return self.fc(features.mean((2, 3)))


def load(architecture, state_dict):
    network = ResNet(**architecture)
    network.load_state_dict(state_dict, strict=True)
    return network.eval()


def resume(architecture, path):
    """What the released program's --resume does, and one step from there."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    logits = {}
    for role in ("teacher", "student"):
        network = ResNet(**architecture)
        network.load_state_dict(checkpoint[f"{role}_state_dict"], strict=True)
        optimizer = torch.optim.SGD(network.parameters(), lr=1, momentum=0.1)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
        scaler = torch.amp.GradScaler("cpu", enabled=len(checkpoint[f"{role}_scaler"]) > 0)
        optimizer.load_state_dict(checkpoint[f"{role}_optimizer"])
        scheduler.load_state_dict(checkpoint[f"{role}_scheduler"])
        scaler.load_state_dict(checkpoint[f"{role}_scaler"])
        logits[role] = network
        first = next(network.parameters())
        logits[f"{role}_momentum"] = float(optimizer.state[first]["momentum_buffer"].double().abs().sum())
        logits[f"{role}_rate"] = optimizer.param_groups[0]["lr"]
        logits[f"{role}_step"] = scheduler.last_epoch
        logits[f"{role}_scale"] = scaler.get_scale()
        network(torch.randn(2, 3, 64, 64)).sum().backward()
        optimizer.step()
        scheduler.step()
    average = checkpoint["avg_state_dict"]
    return {
        "step": checkpoint["step"],
        "best": float(checkpoint["best_top1"].to("cpu")),
        "best_top2": tuple(checkpoint["best_top2"].shape),
        "average": None if average is None else len(average),
        **{key: value for key, value in logits.items() if not isinstance(value, nn.Module)},
    }


def onnx_logits(path, images):
    try:
        import onnxruntime
    except ModuleNotFoundError:
        return None
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"images": images})[0].tolist()


def main():
    request = json.loads(pathlib.Path(sys.argv[1]).read_text())
    side = request["side"]
    images = numpy.fromfile(request["images"], "<f4").reshape(request["count"], 3, side, side)
    architecture = request["architecture"]
    with torch.no_grad():
        network = load(architecture, torch.load(request["pytorch"], weights_only=True))
        torch_logits = network(torch.from_numpy(images)).tolist()
    answer = {"torch": torch_logits, "onnx": onnx_logits(request["onnx"], images)}
    answer["run"] = resume(architecture, request["run"])
    print(json.dumps(answer))


main()
