"""What buyers want: data requests in versions, the bounds of their purposes, review and budget."""
