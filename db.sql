SET NAMES utf8mb4;

CREATE DATABASE IF NOT EXISTS grocerydb CHARACTER SET utf8mb4;

USE grocerydb;

CREATE TABLE IF NOT EXISTS fruit (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  quantity INT NOT NULL
);

INSERT IGNORE INTO fruit (id, name, quantity) VALUES
  (1, 'apple', 100),
  (2, 'orange', 200),
  (3, 'pear', 300);
