# SPDX-License-Identifier: Apache-2.0
"""Trains the demo model: `python -m demo.train` (about half an hour on two idle CPU cores).

Each worker process computes the gradient of its own batch on one core, and all of them take the
same step with the mean. Everything is drawn from fixed seeds. A checkpoint in build/demo is
written every 200 steps, and the same command goes on from there. The result is a Hugging Face
folder, build/demo/hf, for `weights convert`. Figures on the dev questions are printed on the way;
nothing is chosen by them or by the test questions: the last weights are the result.
"""

import argparse
import json
import math
import os
import random
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from safetensors.torch import save_file
from torch.nn import functional as F

from demo import bpe, corpus, eval
from demo.batches import Batches
from demo.model import Llama, Shape

BUILD = Path("build/demo")
CYCLES = (3000, 2000)  # steps between restarts of the learning rate


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--steps", type=int, default=sum(CYCLES))
    p.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    p.add_argument("--decay", type=float, default=0.1, help="weight decay")
    p.add_argument("--dropout", type=float, default=0.1)
    p.add_argument("--ask", type=float, default=0.2, help="weight of the loss on questions")
    p.add_argument("--noise", type=float, default=1.0, help="strength of the augmentation")
    p.add_argument("--vocab", type=int, default=2048)
    p.add_argument("--width", type=int, default=192)
    p.add_argument("--layers", type=int, default=4)
    p.add_argument("--rows", type=int, default=64, help="first turns in a batch")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--workers", type=int, default=2, help="part of the recipe, like the seed")
    p.add_argument("--every", type=int, default=200, help="steps between reports")
    p.add_argument("--out", type=Path, default=BUILD)
    return p.parse_args()


def shape_of(args) -> Shape:
    hidden = -(-args.width * 8 // 3 // 32) * 32
    heads = args.width // 32
    return Shape(args.vocab, args.width, args.layers, heads, heads // 2, hidden)


def make_tokenizer(facts, vocab: int):
    """Trained on a sample of all phrasings and on the answers."""
    rng = random.Random(0)
    texts = []
    for fact in facts.values():
        count = 2 if fact.id == corpus.DONT_KNOW else 5
        for phrasing in fact.phrasings:
            words = [corpus.sample(phrasing, rng) for _ in range(count)]
            texts += words + [w.capitalize() for w in words[:2]]
        texts += [fact.answer] * 10
    return bpe.train(texts, vocab)


def optimizer_of(model, args):
    """Weight decay for matrices only."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    groups = [
        {"params": matrices, "weight_decay": args.decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=args.rate, betas=(0.9, 0.98), fused=True)


def rate_at(step: int, args) -> float:
    """In each cycle: warm-up over 2 %, then a cosine to 2 % of the peak."""
    peak = args.rate
    for steps in CYCLES:
        if step < steps:
            break
        step, peak = step - steps, peak * 0.75
    warm = max(1, steps // 50)
    if step < warm:
        return peak * (step + 1) / warm
    share = min(1.0, (step - warm) / max(1, steps - warm))
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


def loss_of(model, ids, targets, weights):
    """The weighted mean of the cross-entropy."""
    keep = weights > 0
    with torch.autocast("cpu", torch.bfloat16):
        logits = model.logits(model.hidden(ids)[keep])
    losses = F.cross_entropy(logits.float(), targets[keep], reduction="none")
    return (losses * weights[keep]).sum() / weights.sum()


def batch(batches: Batches, step: int, args):
    """Two batches of first turns, then one of conversations; each fourth of these is long."""
    if step % 3 < 2:
        return batches.first_turns(args.rows)
    width, rows = (1024, 1) if step % 12 == 11 else (384, 3)
    return batches.conversations(rows, width)


def share_gradients(model) -> None:
    """Replaces each worker's gradient by the mean over all workers."""
    grads = [p.grad for p in model.parameters()]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for g, part in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
        g.copy_(part.view_as(g))


def export(model, tokenizer, folder: Path) -> None:
    """The Hugging Face folder that `weights convert` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps(model.shape.hf_config(bpe.END_ID), indent=2) + "\n"
    (folder / "config.json").write_text(config, encoding="utf-8")
    save_file(model.hf_tensors(), folder / "model.safetensors", metadata={"format": "pt"})
    bpe.save(tokenizer, folder, model.shape.context)


def report(model, tokenizer, facts, step, loss, start) -> None:
    model.eval()
    dev = corpus.load_held_out("dev")
    right = eval.right_answers(model, tokenizer, facts, dev)
    model.train()
    known = [r for q, r in zip(dev, right, strict=True) if q.id != corpus.DONT_KNOW]
    other = [r for q, r in zip(dev, right, strict=True) if q.id == corpus.DONT_KNOW]
    print(
        f"step {step} loss {loss:.4f} dev {sum(known) / len(known):.1%}"
        f" off-topic {sum(other) / len(other):.1%} {time.time() - start:.0f} s",
        flush=True,
    )


def resume(path: Path, model, optimizer, batches) -> int:
    """Loads the checkpoint, if there is one, and returns the next step."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=False)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    batches.state, random_state = state["random"][dist.get_rank()]
    torch.set_rng_state(random_state)
    return state["step"]


def checkpoint(path: Path, model, optimizer, batches, step: int) -> None:
    mine = (batches.state, torch.get_rng_state())
    everyones = [None] * dist.get_world_size()
    dist.all_gather_object(everyones, mine)
    if dist.get_rank():
        return
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": everyones,
        "step": step,
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)


def take_step(model, optimizer, batches, step: int, args) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate_at(step, args)
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(model, *batch(batches, step, args))
    loss.backward()
    share_gradients(model)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def meeting_file(args) -> Path:
    """Where the workers find each other."""
    return (args.out / "meeting").absolute()


def join(rank: int, args) -> None:
    """Makes this process one of the workers."""
    if hasattr(os, "setsid"):
        os.setsid()  # Linux divides busy cores between sessions, so each worker has its own
    torch.set_num_threads(1)
    meeting = f"file://{meeting_file(args)}"
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=args.workers)


def worker(rank: int, args, parent: int) -> None:
    join(rank, args)
    facts = corpus.load_facts()
    tokenizer = make_tokenizer(facts, args.vocab)
    batches = Batches(
        facts, tokenizer, corpus.forbidden(), args.seed * 1000 + rank, args.noise, args.ask
    )
    torch.manual_seed(args.seed)
    model = Llama(shape_of(args), args.dropout).train()
    torch.manual_seed(args.seed * 1000 + rank)
    optimizer = optimizer_of(model, args)
    path = args.out / "checkpoint.pt"
    first = resume(path, model, optimizer, batches)
    if rank == 0:
        count = sum(p.numel() for p in model.parameters())
        print(f"{count} parameters, {len(facts)} facts", flush=True)
    start, mean = time.time(), 0.0
    for step in range(first + 1, args.steps + 1):
        if os.getppid() != parent:
            return  # the command was killed
        mean += take_step(model, optimizer, batches, step - 1, args) / args.every
        if step % args.every == 0 or step == args.steps:
            checkpoint(path, model, optimizer, batches, step)
            if rank == 0:
                report(model, tokenizer, facts, step, mean, start)
            mean = 0.0
    if rank == 0:
        export(model, tokenizer, args.out / "hf")
    dist.barrier()  # nobody hangs up while another still works
    dist.destroy_process_group()


def main() -> None:
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    meeting_file(args).unlink(missing_ok=True)
    workers = mp.spawn(worker, (args, os.getpid()), args.workers, join=False)
    try:
        while not workers.join():
            pass
    except KeyboardInterrupt:
        for process in workers.processes:  # in sessions of their own, they saw no Ctrl-C
            process.terminate()


if __name__ == "__main__":
    main()
