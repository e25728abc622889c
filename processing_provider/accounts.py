"""Client id and secret from QGIS's encrypted store of authentication configurations.

They are passed to the engine in its environment, never on a command line or in a file, a log or the history of
Processing, which contain only the id of the configuration.
"""

from __future__ import annotations

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsProcessingException

from .translation import tr

METHOD = "Basic"


def secrets_of(configuration: str) -> dict[str, str]:
    """The environment variables with the account of a configuration.

    Raises QgsProcessingException if there is no such configuration, it has another method, or the store is locked.
    """
    manager = QgsApplication.authManager()
    if manager.isDisabled():
        reason = manager.disabledMessage()
        raise QgsProcessingException(tr("QGIS's authentication store cannot be used: {}").format(reason))
    if configuration not in manager.configIds():
        raise QgsProcessingException(
            tr(
                "Account (AUTH): this profile has no authentication configuration {!r}. Create one in the options."
            ).format(configuration)
        )
    if not manager.masterPasswordIsSet() and not manager.setMasterPassword(True):
        raise QgsProcessingException(_locked())
    config = QgsAuthMethodConfig()
    loaded, config = manager.loadAuthenticationConfig(configuration, config, True)
    user, password = config.config("username"), config.config("password")
    if not loaded or (config.method() == METHOD and not (user or password)):
        raise QgsProcessingException(_locked())
    if config.method() != METHOD or not user or not password:
        raise QgsProcessingException(
            tr(
                "Account (AUTH): the authentication configuration {!r} has the method {}. Use the method Basic with "
                "the client id as user name and the client secret as password."
            ).format(config.name(), config.method())
        )
    return {"SH_CLIENT_ID": user.strip(), "SH_CLIENT_SECRET": password.strip()}


def _locked() -> str:
    return tr(
        "QGIS's authentication store is locked: its master password is missing or wrong. Enter it when QGIS asks; "
        "without a window, set QGIS_AUTH_PASSWORD_FILE to a file that contains it."
    )
