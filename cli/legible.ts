/** Others choose these words: none of them steers a terminal, or turns the reading direction. */
export const legible = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
