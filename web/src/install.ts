// The offer to install: permissions of installed pages are withdrawn less often, and they open without a network (R19).
interface InstallEvent extends Event {
  prompt(): Promise<void>;
}

let offer: InstallEvent | undefined;

/** Call *ready* once the browser would install the page. */
export function onInstallable(ready: () => void): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event as InstallEvent;
    ready();
  });
}

/** Ask the person; the browser asks at most once for each offer. */
export async function install(): Promise<void> {
  await offer?.prompt();
  offer = undefined;
}

export const installed = (): boolean => matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true;

/** An iPhone tells pages of pushes only from the Home Screen, and has no offer that a page could make. */
export const needsHomeScreen = (): boolean => /iPhone|iPad/.test(navigator.userAgent) && !installed();
