/** Escape takes back what was opened or asked last, and nothing around it; null: there is nothing to take back. */
export const onEscape =
  (back: (() => void) | null) =>
  (event: KeyboardEvent): void => {
    if (back === null || event.key !== 'Escape') return;
    event.stopPropagation();
    back();
  };
