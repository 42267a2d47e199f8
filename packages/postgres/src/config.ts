export const TODO = 1;
