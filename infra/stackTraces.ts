/**
 * Pulumi's SDK has every stack trace mapped by source maps (source-map-support), and takes one for each promise and resource. That
 * is most of a program's time, and for nothing: Node runs this program as it is written, with the types blanked out in place.
 */
delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
