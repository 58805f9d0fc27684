"""What recorded spikes say: rates, irregularity, correlation, and how far two networks are apart."""
