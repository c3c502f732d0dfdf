let message = $state(0);

/** linking is the message whose dialog for records is open. */
export const linking = {
  get message() {
    return message;
  },
  open(id: number): void {
    message = id;
  },
  close(): void {
    message = 0;
  },
};
