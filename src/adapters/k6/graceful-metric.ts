/** Name of the script's counter of refusals in good order: a tag of a request cannot tell of a header of its answer. */
export const gracefulMetric = 'jv_graceful';
