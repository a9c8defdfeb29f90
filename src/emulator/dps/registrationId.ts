/** REST reference: at most 128 characters, alphanumeric plus `-` `.` `_` `:`, the special ones at neither end. */
export const registrationIdPattern = /^(?=.{1,128}$)[A-Za-z0-9](?:[A-Za-z0-9\-._:]*[A-Za-z0-9])?$/;
