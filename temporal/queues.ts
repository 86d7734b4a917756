/**
 * Where what waits long is done: a queue of its own, so that any number of drains leaves the slots of the short steps
 * free. Pure: workflows name it.
 */
export const waitsQueue = (taskQueue: string): string => `${taskQueue}-waits`;
