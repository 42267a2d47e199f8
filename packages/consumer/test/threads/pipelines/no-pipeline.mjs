export default { transformer: "none" };
