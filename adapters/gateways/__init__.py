"""The processors through which money moves, each an adapter to the `Gateway` port."""
