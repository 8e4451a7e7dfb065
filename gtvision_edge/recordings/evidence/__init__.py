"""Evidence: exports of incidents as signed bundles that anyone can verify offline."""
