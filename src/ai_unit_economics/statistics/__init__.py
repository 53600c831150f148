"""What a change did: effects at fixed volume, with intervals, and verdicts on them."""
