"""The grammar of the commands that make models and use them: `learn`, `train`, `classify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.cli.corrections import add_switch
from trafficdesk.cli.grammar import add_command

if TYPE_CHECKING:
    import argparse


def add_learn(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Learning what is usual from the history."""
    learn = add_command(
        commands, "learn", "learn what is usual on a network from the packets that the history keeps of it"
    )
    learn.add_argument("--last", metavar="SPAN", default="7d", help="how far back: 24h, 7d (default: 7d)")
    learn.add_argument("--since", metavar="TIME", help="begin instead, local time: 2026-11-21T14:00")
    learn.add_argument("--until", metavar="TIME", help="end (default: now)")
    learn.add_argument(
        "--interface",
        metavar="IFACE",
        help="only the network it is in now (default: every one that is found)",
    )
    learn.add_argument(
        "--replace", action="store_true", help="also where more traffic is known than the history holds"
    )
    learn.add_argument("--json", metavar="PATH", help="what came of it (- = standard output)")
    add_switch(learn)


def add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Training a classifier on labelled captures."""
    train = add_command(
        commands,
        "train",
        "learn what labelled packets look like, or which application speaks; tested on what was held out",
    )
    train.add_argument("files", metavar="FILE", nargs="+", help="pcap or pcapng")
    train.add_argument(
        "--labels",
        metavar="CSV",
        action="append",
        default=[],
        help="one for all captures, or repeated, one for each; default: FILE.labels.csv beside each",
    )
    train.add_argument(
        "--by",
        choices=("label", "protocol"),
        default="label",
        help="protocol: from the decoder's names, without ports or content",
    )
    train.add_argument("--output", "-o", metavar="MODEL", required=True, help="where the model is written")
    train.add_argument("--json", metavar="PATH", help="the report (- = standard output)")
    train.add_argument("--picture", metavar="PATH", help="the confusion matrix: .svg or .png")
    train.add_argument(
        "--seed", type=int, default=0, metavar="N", help="same seed, same captures: same model"
    )


def add_classify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Asking one that was trained."""
    classify = add_command(commands, "classify", "say what packets look like to a model that `train` wrote")
    classify.add_argument("files", metavar="FILE", nargs="+", help="pcap or pcapng")
    classify.add_argument("--model", metavar="MODEL", required=True, help="a file that `train` wrote")
    classify.add_argument("--csv", metavar="PATH", help="one row per packet with what it looks like")
    classify.add_argument("--json", metavar="PATH", help="counts (- = standard output)")
    classify.add_argument(
        "--labels", metavar="CSV", action="append", default=[], help="compare with these labels"
    )
    classify.add_argument("--picture", metavar="PATH", help="the comparison as a picture: .svg or .png")
