"""One step of Meta-Face2Exp (Zeng et al., CVPR 2022) with two networks, as the studio's meta step computes it with `--feedback released`."""

import torch
from torch.nn import functional

from network import Machine, learned_numbers

LEARNING_RATE = 1e-4
THRESHOLD = 0.95


def prepare(workload):
    return MetaStep(workload)


class Learner:
    """A network that learns by SGD with momentum."""

    def __init__(self, machine, workload):
        self.network = machine.network(workload).train()
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=LEARNING_RATE, momentum=0.9)
        self.scaler = machine.loss_scaler()

    def learn(self, loss):
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()


class MetaStep:
    def __init__(self, workload):
        machine = self.machine = Machine(workload)
        self.labeled = workload["batchSize"]
        self.unlabeled = self.labeled * workload["mu"]
        self.base = Learner(machine, workload)
        self.adaptation = Learner(machine, workload)
        self.images = machine.images(self.labeled + 2 * self.unlabeled, workload["imageSize"])
        self.labels = torch.randint(workload["classCount"], (self.labeled,))
        self.versions, self.note = machine.versions, machine.note
        self.parameters = learned_numbers(self.base.network, self.adaptation.network)

    def run(self, repetitions):
        for _ in range(repetitions):
            self.step()
        self.machine.finish()

    def step(self):
        """The base network labels, the adaptation network learns, its gain is fed back. The losses are read, as a program that shows them does."""
        images, labels = self.images.to(self.machine.device), self.labels.to(self.machine.device)
        sizes = (self.labeled, self.unlabeled, self.unlabeled)
        labeled_images, _, strong_images = images.split(sizes)
        with self.machine.arithmetic():
            labeled, weak, strong = self.base.network(images).split(sizes)
            soft = torch.softmax(weak.detach(), dim=-1)
            confidence, hard = soft.max(dim=-1)
            mask = (confidence >= THRESHOLD).float()
            unlabeled_losses = -(soft * torch.log_softmax(strong, dim=-1)).sum(dim=-1)
            uda_loss = functional.cross_entropy(labeled, labels) + unlabeled_losses.mean()

            adapted = self.adaptation.network(torch.cat((labeled_images, strong_images)))
            adapted_labeled, adapted_strong = adapted.split(sizes[:2])
            old_loss = functional.cross_entropy(adapted_labeled.detach(), labels)
            adaptation_loss = functional.cross_entropy(adapted_strong, hard)
        self.adaptation.learn(adaptation_loss)

        with self.machine.arithmetic():
            with torch.no_grad():
                new_loss = functional.cross_entropy(self.adaptation.network(labeled_images), labels)
            feedback = old_loss - new_loss
            base_loss = uda_loss + feedback * functional.cross_entropy(strong, strong.detach().argmax(dim=-1))
        self.base.learn(base_loss)
        reported = torch.stack((base_loss, adaptation_loss, feedback, mask.mean(), (unlabeled_losses * mask).mean()))
        return reported.detach().tolist()
