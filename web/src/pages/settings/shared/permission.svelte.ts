/** Whether this browser shows notices for us: "default" means that nobody was asked yet. */
export type Permission = 'unsupported' | 'default' | 'granted' | 'denied';

const read = (): Permission => (typeof Notification === 'undefined' ? 'unsupported' : Notification.permission);

let current = $state<Permission>(read());

/** permission is the browser's word on notices. */
export const permission = {
  get current() {
    return current;
  },
};

/** askPermission has the browser ask the person. It must come from a click. */
export async function askPermission(): Promise<Permission> {
  if (current === 'default') await Notification.requestPermission();
  return (current = read());
}

/** followPermission keeps permission true while the person changes it in the browser. It returns how to stop that. */
export function followPermission(): () => void {
  let status: PermissionStatus | undefined;
  let stopped = false;
  const follow = () => (current = read());
  follow();
  navigator.permissions
    ?.query({ name: 'notifications' })
    .then((s) => {
      if (stopped) return;
      status = s;
      s.addEventListener('change', follow);
    })
    .catch(() => undefined);
  addEventListener('focus', follow);
  return () => {
    stopped = true;
    status?.removeEventListener('change', follow);
    removeEventListener('focus', follow);
  };
}
