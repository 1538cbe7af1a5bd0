"""Batches of labeled, weak and strong views from image files: torchvision's transforms in a DataLoader with worker processes."""

import math
import random

import numpy
import PIL
import torch
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from torch.utils.data import DataLoader, Dataset

try:
    import torchvision
    from torchvision import transforms
except ModuleNotFoundError:
    torchvision = None

MEAN = (0.5863, 0.4595, 0.4030)
STANDARD_DEVIATION = (0.2715, 0.2424, 0.2366)
SHORTER_SIDE = 256
ROTATION = 5
ERASED_SHARE = (0.02, 0.1)
ERASED_ASPECT = (0.3, 3.3)
ERASING_ATTEMPTS = 10


def prepare(workload):
    return Pipeline(workload)


class Pipeline:
    def __init__(self, workload):
        self.batches = BlockOfBatches(len(workload["paths"]), workload["batchSize"], workload["mu"])
        self.loader = DataLoader(
            Faces(workload),
            batch_sampler=self.batches,
            collate_fn=collate,
            num_workers=workload["workers"],
            persistent_workers=True,
        )
        self.versions = {"torch": torch.__version__, "Pillow": PIL.__version__}
        self.parameters = None
        if torchvision is None:
            self.note = "torchvision is not installed: its transforms, written with Pillow"
        else:
            self.versions["torchvision"] = torchvision.__version__
            self.note = None

    def run(self, repetitions):
        self.batches.count = repetitions
        for _ in self.loader:
            pass


class BlockOfBatches:
    """Which pictures each batch of a block has: (index, whether it is labeled), drawn at random."""

    def __init__(self, pictures, batch_size, mu):
        self.pictures, self.labeled, self.unlabeled = pictures, batch_size, batch_size * mu
        self.count = 0

    def __len__(self):
        return self.count

    def __iter__(self):
        for _ in range(self.count):
            labeled = [(random.randrange(self.pictures), True) for _ in range(self.labeled)]
            yield labeled + [(random.randrange(self.pictures), False) for _ in range(self.unlabeled)]


class Faces(Dataset):
    """A picture is read once; a labeled one gives one view, an unlabeled one a weak and a strong view."""

    def __init__(self, workload):
        self.paths = workload["paths"]
        rand_augment = RandAugment(**workload["randAugment"])
        views = PlainViews if torchvision is None else TorchvisionViews
        self.views = views(workload["imageSize"], rand_augment)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, item):
        index, is_labeled = item
        with Image.open(self.paths[index]) as file:
            image = file.convert("RGB")
        return [self.views.labeled(image)] if is_labeled else [self.views.weak(image), self.views.strong(image)]


def collate(pictures):
    """One batch of all views: the labeled ones, the weak ones, the strong ones."""
    labeled = [views[0] for views in pictures if len(views) == 1]
    pairs = [views for views in pictures if len(views) == 2]
    return torch.stack(labeled + [weak for weak, _ in pairs] + [strong for _, strong in pairs])


class TorchvisionViews:
    def __init__(self, size, rand_augment):
        to_tensor, normalize = transforms.ToTensor(), transforms.Normalize(MEAN, STANDARD_DEVIATION)
        crop = [transforms.Resize(SHORTER_SIDE), transforms.RandomCrop(size), transforms.RandomHorizontalFlip()]
        erasing = transforms.RandomErasing(p=1, scale=ERASED_SHARE, ratio=ERASED_ASPECT, value=0)
        self.labeled = transforms.Compose([*crop, transforms.RandomRotation(ROTATION), to_tensor, erasing, normalize])
        self.weak = transforms.Compose([*crop, to_tensor, normalize])
        self.strong = transforms.Compose([*crop, rand_augment, to_tensor, normalize])


class PlainViews:
    """What `TorchvisionViews` does, step by step, with Pillow and torch alone."""

    def __init__(self, size, rand_augment):
        self.size = size
        self.rand_augment = rand_augment
        self.mean = torch.tensor(MEAN)[:, None, None]
        self.deviation = torch.tensor(STANDARD_DEVIATION)[:, None, None]

    def labeled(self, image):
        turned = self.crop(image).rotate(random.uniform(-ROTATION, ROTATION), Image.Resampling.NEAREST)
        return self.normalize(erase(to_tensor(turned)))

    def weak(self, image):
        return self.normalize(to_tensor(self.crop(image)))

    def strong(self, image):
        return self.normalize(to_tensor(self.rand_augment(self.crop(image))))

    def crop(self, image):
        width, height = image.size
        shorter = min(width, height)
        scaled = (int(SHORTER_SIDE * width / shorter), int(SHORTER_SIDE * height / shorter))
        image = image.resize(scaled, Image.Resampling.BILINEAR)
        left, top = random.randint(0, scaled[0] - self.size), random.randint(0, scaled[1] - self.size)
        image = image.crop((left, top, left + self.size, top + self.size))
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image

    def normalize(self, tensor):
        return tensor.sub_(self.mean).div_(self.deviation)


def to_tensor(image):
    pixels = torch.from_numpy(numpy.array(image, copy=True))
    return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)


def erase(tensor):
    """A random rectangle set to zero (Zhong et al. 2020), with torchvision's way of drawing it."""
    _, height, width = tensor.shape
    for _ in range(ERASING_ATTEMPTS):
        area = height * width * random.uniform(*ERASED_SHARE)
        aspect = math.exp(random.uniform(*map(math.log, ERASED_ASPECT)))
        rows, columns = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if rows < height and columns < width:
            top, left = random.randint(0, height - rows), random.randint(0, width - columns)
            tensor[:, top : top + rows, left : left + columns] = 0
            break
    return tensor


class RandAugment:
    """Operations drawn with replacement from the released program's pool, all at the same strength."""

    def __init__(self, count, magnitude):
        self.count = count
        share = magnitude / 10
        self.factor = 1.8 * share + 0.1
        self.bits = int(4 * share)
        self.threshold = 256 - int(256 * share)
        # Methods and functions, no lambdas: where processes are not forked, the workers get them pickled.
        self.operations = (
            ImageOps.autocontrast,
            self.brightness,
            self.color,
            ImageOps.equalize,
            ImageOps.invert,
            self.posterize,
            self.sharpness,
            self.solarize,
            cover,
        )

    def __call__(self, image):
        for operation in random.choices(self.operations, k=self.count):
            image = operation(image)
        return image

    def brightness(self, image):
        return ImageEnhance.Brightness(image).enhance(self.factor)

    def color(self, image):
        return ImageEnhance.Color(image).enhance(self.factor)

    def posterize(self, image):
        return ImageOps.posterize(image, self.bits)

    def sharpness(self, image):
        return ImageEnhance.Sharpness(image).enhance(self.factor)

    def solarize(self, image):
        return ImageOps.solarize(image, self.threshold)


def cover(image):
    covered = image.copy()
    ImageDraw.Draw(covered).rectangle((0, 0, 224, 50), fill=(0, 0, 0))
    return covered
