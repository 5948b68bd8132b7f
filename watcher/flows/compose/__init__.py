"""Makes a digest: which papers it holds, under which headings, and what its head says, outages too. It is owed here, and sent by `deliver`."""
