"""What recorded spikes say: rates, irregularity, correlation, spectra, maps, and how far two networks are apart."""
