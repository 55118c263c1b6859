"""Where a run happens: a private copy of the user's tree, or the tree itself with everything put back afterwards.

Owns reading, copying, restoring and removing trees. Must not know what runs in them.

    with Template.of(rootdir, folder) as template:      the tree as it is now, once
        with template.lend() as copy:                   as often as there are runs, side by side or not
            ...run in copy.rootdir
"""

from flaky_detector.adapters.workspace.guard import guarded, restore_left_over
from flaky_detector.adapters.workspace.removal import remove
from flaky_detector.adapters.workspace.template import Copy, Loan, Template, private_copy

__all__ = ["Copy", "Loan", "Template", "guarded", "private_copy", "remove", "restore_left_over"]
