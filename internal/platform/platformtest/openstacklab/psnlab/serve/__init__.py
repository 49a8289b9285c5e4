"""The services' processes.

`python3 -m psnlab.serve FOLDER SERVICE SITE...` imports a service's code once
and forks a process for each site, which then share that code's memory. The code
is the distribution's own; only the layout of processes is the lab's: one for
each service and site, where a large cloud has dozens.
"""
