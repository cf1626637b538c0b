"""Ranks with bm25s: reads a corpus and questions as terms from standard input, writes rankings.

Runs in an environment of its own. In: {"corpus": [[term]], "questions": [[term]], "limit": n}.
Out: {"found": [[index]], "scores": [[score]], "milliseconds": [number], "seconds": number}.
"""

import json
import sys
import time

import bm25s


def main() -> None:
    """Index the corpus, then answer the questions one by one."""
    given = json.load(sys.stdin)
    vocabulary: dict[str, int] = {}
    ids = [
        [vocabulary.setdefault(term, len(vocabulary)) for term in terms]
        for terms in given["corpus"]
    ]
    began = time.perf_counter()
    retriever = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    retriever.index((ids, vocabulary), show_progress=False)
    seconds = time.perf_counter() - began
    found, scores, milliseconds = [], [], []
    for terms in given["questions"]:
        known = [term for term in terms if term in vocabulary]
        if not known:
            found.append([])
            scores.append([])
            continue
        began = time.perf_counter()
        best, its_scores = retriever.retrieve(
            [known], k=min(given["limit"], len(ids)), show_progress=False
        )
        milliseconds.append(1000 * (time.perf_counter() - began))
        found.append([int(each) for each in best[0]])
        scores.append([float(each) for each in its_scores[0]])
    json.dump(
        {"found": found, "scores": scores, "milliseconds": milliseconds, "seconds": seconds},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
