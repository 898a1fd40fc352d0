"""No DAG: Airflow lists as an import error which contracts cannot be read, and why.

The DAGs of the others load all the same. Nothing is read here for a single task.
"""

from common_metrics import settings
from common_metrics.contracts.loading import load_contracts
from common_metrics.errors import ContractError

if settings.is_wanted("barred_contracts") and (barred := load_contracts().barred):
    raise ContractError(
        "expectations",
        "contracts that can be read",
        f"{len(barred)} that cannot:\n" + "\n".join(map(str, barred.values())) + "\n",
        "Mend them; a draft is called <extract>.draft.yml until it is confirmed.",
    )
