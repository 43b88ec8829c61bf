from __future__ import annotations

import sys

from shop.demo.cli import main

sys.exit(main())
