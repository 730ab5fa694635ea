"""What every worker process is: started, watched, restarted, and ended with who started it."""
