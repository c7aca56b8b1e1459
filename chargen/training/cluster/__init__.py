"""Several machines that train one network.

Worker 0 leads: it alone has the run, decides, measures, saves and reports; its loop is the one of a
run on a single machine. The others follow its orders, step by step. The gradients go through
TensorFlow's own channel, from every worker to every other. Before TensorFlow starts, the workers
meet, and refuse what does not fit together; from then on each notices when another one is gone.
"""
